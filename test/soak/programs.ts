import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import * as esbuild from 'esbuild'

/** Paths of the programs that the soak starts. */
export interface SoakPrograms {
  readonly agent: string
  readonly master: string
}

/** Bundles agent and master as they are now. Not from dist/: a build meanwhile must not change what is being tested. */
export async function buildSoakPrograms(root: string, directory: string): Promise<SoakPrograms> {
  await mkdir(directory, { recursive: true })
  const bundle = async (entry: string, name: string) => {
    const outfile = path.join(directory, name)
    await esbuild.build({
      ...{ absWorkingDir: root, entryPoints: [entry], outfile, bundle: true, logLevel: 'error' },
      ...{ platform: 'node', target: 'node20', format: 'esm', mainFields: ['module', 'main'] },
      define: { 'process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED': '"true"' },
      banner: {
        js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
      },
    })
    return outfile
  }
  return {
    agent: await bundle('agent/src/process/main.ts', 'agent.mjs'),
    master: await bundle('test/soak/masterProgram.ts', 'master.mjs'),
  }
}
