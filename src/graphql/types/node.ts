// The Relay Node interface. Which class an object is decides its type; no name is guessed from its fields.
import { Field, ID, InterfaceType } from "type-graphql";

@InterfaceType("Node", { description: "An object with a globally unique id, which `node` finds again." })
export abstract class NodeType {
  @Field(() => ID, { description: "Opaque, and the same for as long as the object exists." })
  id!: string;
}
