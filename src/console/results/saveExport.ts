import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import * as vscode from 'vscode'
import type { ReportedRun } from '../../report/reportedRun.ts'
import type { RunColumns } from '../../report/runColumns.ts'
import { exportJson, exportNdjson } from '../../report/runExport.ts'
import { exportCsv, exportText } from '../../report/runTables.ts'

export type ExportFormat = keyof typeof formats

/**
 * Asks for a file, and writes the run to it, one agent at a time: all outputs together may exceed memory.
 * @param columns values of the outputs that are written besides
 * @returns the file; undefined when the user cancelled
 */
export async function saveExport(
  run: ReportedRun,
  format: ExportFormat,
  columns?: RunColumns,
): Promise<vscode.Uri | undefined> {
  const { write, extension, name } = formats[format]
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri
  const file = `${run.state.environment}-${timestamp(run.state.startedAt)}.${extension}`
  const target = await vscode.window.showSaveDialog({
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, file) }),
    filters: { [name]: [extension] },
  })
  if (target === undefined) return undefined
  await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('Exporting the run…'),
      cancellable: true,
    },
    (_, token) => writePieces(target, write(run, columns === undefined ? {} : { columns }), token),
  )
  return target
}

const formats = {
  json: { write: exportJson, extension: 'json', name: 'JSON' },
  ndjson: { write: exportNdjson, extension: 'ndjson', name: 'NDJSON' },
  csv: { write: exportCsv, extension: 'csv', name: 'CSV' },
  text: { write: exportText, extension: 'txt', name: 'Text' },
} as const

async function writePieces(
  target: vscode.Uri,
  pieces: AsyncIterable<string>,
  token: vscode.CancellationToken,
): Promise<void> {
  if (target.scheme !== 'file') {
    const parts: Buffer[] = []
    for await (const piece of pieces) {
      if (token.isCancellationRequested) throw new vscode.CancellationError()
      parts.push(Buffer.from(piece))
    }
    await vscode.workspace.fs.writeFile(target, Buffer.concat(parts))
    return
  }
  // A part of a run must not pass for the whole: the file appears when it is complete.
  const unfinished = `${target.fsPath}.${randomUUID()}.part`
  try {
    const file = await open(unfinished, 'wx', 0o600)
    try {
      for await (const piece of pieces) {
        if (token.isCancellationRequested) throw new vscode.CancellationError()
        await file.writeFile(piece)
      }
    } finally {
      await file.close()
    }
    await rename(unfinished, target.fsPath)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}

/** `2026-11-22-1432`, local time. */
function timestamp(at: number): string {
  const time = new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString()
  return time.slice(0, 16).replace('T', '-').replace(':', '')
}
