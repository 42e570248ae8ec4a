import type { Browser } from 'playwright-core';
import { chromium } from 'playwright-core';

/** Starts a headless Chromium: the one of `CHROMIUM_PATH`, else Debian's. */
export function launchChromium(): Promise<Browser> {
  const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
  // Containers have no user namespaces for its sandbox; it only visits pages of these tests.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}
