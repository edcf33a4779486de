// Checks that files are OpenAPI 2.0: first with the schema, then with rules that are not in the schema, such as unique names, path
// templates and existing required properties. Prints a JSON list with the error of each file, or null.
import SwaggerParser from '@apidevtools/swagger-parser';

const check = (file) =>
  SwaggerParser.validate(file).then(
    () => null,
    (error) => error.message,
  );
const errors = [];
for (const file of process.argv.slice(2)) errors.push(await check(file));
console.log(JSON.stringify(errors));
