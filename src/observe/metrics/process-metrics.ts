import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from './metrics.ts';

/** How often the event loop is looked at, in milliseconds; what is measured includes it. */
const resolution = 20;

/** Seconds that the loop was late, of a measurement in nanoseconds. */
function lateness(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - resolution / 1000);
}

/**
 * What every process tells, under the names that dashboards know. The event loop is watched from the first rendering on,
 * so that who never asks never pays. Returns what ends the watch.
 */
export function addProcessMetrics(metrics: Metrics): () => void {
  const delay = monitorEventLoopDelay({ resolution });
  let watching = false;
  const one = (name: string, help: string, read: () => number): void =>
    metrics.gauge({ name, help, labels: [] }, () => [[[], read()]]);
  metrics.gauge(
    { name: 'process_cpu_seconds_total', help: 'CPU time of the process.', labels: [], type: 'counter' },
    () => {
      const { user, system } = process.cpuUsage();
      return [[[], (user + system) / 1e6]];
    },
  );
  one('process_resident_memory_bytes', 'Memory of the process.', () => process.memoryUsage.rss());
  one('process_start_time_seconds', 'When the process began.', () => Date.now() / 1000 - process.uptime());
  one('nodejs_heap_size_used_bytes', 'JavaScript heap in use.', () => process.memoryUsage().heapUsed);
  metrics.gauge(
    {
      name: 'nodejs_eventloop_lag_seconds',
      help: 'Delay of the event loop since the last reading.',
      labels: ['quantile'],
    },
    () => {
      if (!watching) {
        delay.enable();
        watching = true;
        return [];
      }
      const reading = [0.5, 0.99].map((at) => [[String(at)], lateness(delay.percentile(at * 100))] as const);
      const worst = [['1'], lateness(delay.max)] as const;
      delay.reset();
      return [...reading, worst];
    },
  );
  return () => void delay.disable();
}
