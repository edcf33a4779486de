// Is a file OpenAPI 2.0? Its schema first, then the rules that no schema can hold: unique names, path templates and their
// parameters, required properties that exist, and so on.
import SwaggerParser from '@apidevtools/swagger-parser';

try {
  const api = await SwaggerParser.validate(process.argv[2]);
  console.log(api.info.title);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
