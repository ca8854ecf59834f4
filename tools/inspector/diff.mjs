// node diff.mjs OLD NEW: one line of JSON per change, {level, type, message}.
import { readFile } from "node:fs/promises";
import { diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";

const [before, after] = await Promise.all(
  process.argv.slice(2).map(async (file) => buildSchema(await readFile(file, "utf8"))),
);
for (const { criticality, type, message } of await diff(before, after)) {
  console.log(JSON.stringify({ level: criticality.level, type, message }));
}
