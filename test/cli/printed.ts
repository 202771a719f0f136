import { vi } from 'vitest';

/** What it printed, or why it failed. */
export async function printed(work: () => Promise<void>): Promise<string> {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await work();
    return write.mock.calls.map(([text]) => text).join('');
  } catch (error) {
    return String(error);
  } finally {
    write.mockRestore();
  }
}
