// Reads the contract named on the command line: what is wrong with it as JSON, and exit code 1 where anything is.
import { readFileSync } from "node:fs";
import { argv, exit, stdout } from "node:process";

import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync(argv[2], "utf8"));
const ERROR = 0;
const problems = diagnostics
  .filter((each) => each.severity === ERROR)
  .map((each) => ({ code: each.code, path: each.path.join("/"), message: each.message }));
const read = document && {
  version: document.version(),
  channels: document.channels().all().map((each) => each.address()),
  messages: document.messages().all().length,
};
stdout.write(JSON.stringify({ problems, read: read ?? null }));
exit(problems.length ? 1 : 0);
