import { defineConfig } from 'vitest/config';

/** As the project's own, without its build: what notices a mutation needs none. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    maxWorkers: 1,
  },
});
