/** Loaded into the gateway's process: tells what only the process itself can see. */
process.on('message', () => {
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ heap: heapUsed, external, resources: process.getActiveResourcesInfo().length });
});
// It must not keep the gateway up.
process.channel?.unref();
// Its parent was killed: nobody else would end it.
process.once('disconnect', () => process.exit(1));
