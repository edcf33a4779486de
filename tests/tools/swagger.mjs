// Checks that a file is OpenAPI 2.0: first with the schema, then with rules that are not in the schema, such as unique names, path
// templates and existing required properties.
import SwaggerParser from '@apidevtools/swagger-parser';

try {
  const api = await SwaggerParser.validate(process.argv[2]);
  console.log(api.info.title);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
