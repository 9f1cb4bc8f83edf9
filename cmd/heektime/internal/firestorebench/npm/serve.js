// Serves the emulator on the port that the first argument names. It ends when its standard input does, and so never
// outlives the benchmark.
const { FirestoreServer } = require("@firestore-emulator/server");

process.stdin.on("end", () => process.exit(0)).resume();
new FirestoreServer().start(Number(process.argv[2])).catch((err) => {
  console.error(err);
  process.exit(1);
});
