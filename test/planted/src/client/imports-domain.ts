// Planted: a client speaks GraphQL and imports nothing of the server side.
import { target } from "../domain/target.ts";

export const planted = target;
