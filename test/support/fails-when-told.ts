// Loaded before a program, makes its process fail as a defect would that nobody handles, when it gets SIGUSR2.
process.once("SIGUSR2", () => {
  throw new Error("planted: an error that nobody handles");
});
