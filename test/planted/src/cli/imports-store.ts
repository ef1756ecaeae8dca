// Planted: the command line speaks GraphQL and imports nothing of the server side.
import { target } from "../store/target.ts";

export const planted = target;
