// Runs the emulator on the port in the first argument. It exits when its standard input is closed, so it
// never outlives the benchmark.
const { FirestoreServer } = require("@firestore-emulator/server");

process.stdin.on("end", () => process.exit(0)).resume();
new FirestoreServer().start(Number(process.argv[2])).catch((err) => {
  console.error(err);
  process.exit(1);
});
