import { build } from '../../scripts/build.mjs'

/** Tests that start programs from dist/ meet the sources as they are now. */
export async function setup(): Promise<void> {
  await build()
}
