// The data source for TypeORM's command line: the gateway's own, chosen by DATABASE_URL.
import { DataSource } from "typeorm";
import { DEFAULT_DATABASE_URL, dataSourceOptions } from "./src/store/data-source.ts";

export default new DataSource(dataSourceOptions(process.env["DATABASE_URL"] ?? DEFAULT_DATABASE_URL));
