// Validates a firebase.json with the Firebase CLI's own validator and prints its errors: node schema.cjs CLI FILE
const { readFileSync } = require('node:fs')

const [cli, file] = process.argv.slice(2)
const { getValidator, getErrorMessage } = require(cli + '/lib/firebaseConfigValidate')
const validate = getValidator()
if (!validate(JSON.parse(readFileSync(file, 'utf8')))) {
  for (const error of validate.errors) console.log(getErrorMessage(error))
}
