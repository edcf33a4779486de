// Parses Kusto queries and binds them to tables. Standard input has {"tables": {NAME: "(COLUMN: TYPE, …)"}, "queries": [TEXT]};
// standard output gets a list of each query's problems.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const require = createRequire(import.meta.url);
require('@kusto/language-service-next/bridge.min.js');
require('@kusto/language-service-next/Kusto.Language.Bridge.min.js');

const { GlobalState, KustoCode, Symbols } = globalThis.Kusto.Language;
const { tables, queries } = JSON.parse(readFileSync(0, 'utf8'));
const symbols = Object.entries(tables).map(([name, columns]) => new Symbols.TableSymbol.$ctor7(name, columns, null));
const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.$ctor1('workspace', symbols));

function problems(query) {
  const found = KustoCode.ParseAndAnalyze(query, globals).GetDiagnostics();
  const list = globalThis.Bridge.toArray(found);
  return list.map(({ Severity, Code, Message, Start }) => `${Severity} ${Code} at ${Start}: ${Message}`);
}

console.log(JSON.stringify(queries.map(problems)));
