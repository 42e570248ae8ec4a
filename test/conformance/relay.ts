/** The command that the suite runs as "client": hands its orders to the test's own process, where the gateway is. */
const order = {
  server: process.argv.at(-1),
  scenario: process.env['MCP_CONFORMANCE_SCENARIO'],
  context: process.env['MCP_CONFORMANCE_CONTEXT'],
};
const answer = await fetch(process.env['CONDUCTOR'] ?? '', { method: 'POST', body: JSON.stringify(order) });
process.stdout.write(await answer.text());
process.exitCode = answer.ok ? 0 : 1;
