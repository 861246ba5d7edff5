// @ts-check
// npm run probe:sqs -- --endpoint URL (docs/sqs-probe.md)
import { runBundled } from './bundled.mjs'

await runBundled('test/sqsProbe/main.ts')
