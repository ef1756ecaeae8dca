// The sqlite3 package as the store gives it to TypeORM.
import sqlite3 from "sqlite3";

/**
 * TypeORM asks the package to trace every call. Tracing turns each statement and its parameters into text, before anything has failed, and
 * puts that text on the stacks of errors, which are logged. Here the request to trace does nothing.
 */
export const sqliteDriver = { ...sqlite3, verbose: (): unknown => sqliteDriver };
