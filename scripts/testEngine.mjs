// @ts-check
// npm run test:engine -- --endpoint URL (docs/sqs-probe.md)
import { runBundled } from './bundled.mjs'

await runBundled('test/engine/main.ts')
