// The descriptions of the protocol and of the HTTP API, against the schemas of those who define how such are written.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { test } from "node:test";
import Ajv from "ajv";
import addFormats from "ajv-formats";
import { Validator } from "@seriousme/openapi-schema-validator";

const require = createRequire(import.meta.url);
const read = async name => JSON.parse(await readFile(new URL(`../../../docs/${name}`, import.meta.url), "utf8"));

test("docs/asyncapi.json is AsyncAPI 3, and all that it refers to is there", async () => {
  const document = await read("asyncapi.json");
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats(ajv);
  const valid = ajv.compile(require(`@asyncapi/specs/schemas/${document.asyncapi}-without-$id.json`));
  const check = changed => (valid(changed) ? [] : valid.errors.map(({ instancePath, message }) => `${instancePath} ${message}`));
  assert.deepEqual(check(document), []);
  assert.notDeepEqual(check({ ...document, operations: { wrong: { action: "shout" } } }), [], "the schema tells what is wrong");
  const at = path => path.slice(2).split("/").reduce((value, key) => value?.[key], document);
  const refer = value => {
    if (typeof value !== "object" || value === null) return;
    if (typeof value.$ref === "string") assert.ok(at(value.$ref), value.$ref);
    Object.values(value).forEach(refer);
  };
  refer(document);
});

for (const name of ["openapi.json", "openapi-console.json"]) {
  test(`docs/${name} is OpenAPI 3.1`, async () => {
    const document = await read(name);
    const { valid, errors } = await new Validator().validate(document);
    assert.ok(valid, JSON.stringify(errors));
    assert.match(document.openapi, /^3\.1\./);
    const changed = structuredClone(document);
    changed.paths["/wrong"] = { get: { responses: "none" } };
    assert.equal((await new Validator().validate(changed)).valid, false, "the schema tells what is wrong");
  });
}
