// Planted: the page speaks GraphQL and imports nothing of the server side.
import { target } from "../server/target.ts";

export const planted = target;
