import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Node, SourceFile } from 'typescript/unstable/ast'
import { getTokenAtPosition, SyntaxKind } from 'typescript/unstable/ast'
import { API, type Symbol as TypeSymbol } from 'typescript/unstable/sync'

/** A place in the sources that refers to a declaration, other than in a type: `file › function`. */
export interface Caller {
  /** Without `src/` and `.ts`. */
  readonly file: string
  /** The functions and classes around it, as in `Master.start`; empty at the top of a file. */
  readonly within: string
}

/**
 * Who refers to what, as the type checker sees it: also where a name is used for several things. A method that is taken out of
 * its object by destructuring (`const { send } = queue`) is not seen. TypeScript calls this API unstable; its version is pinned.
 */
export interface Callers {
  /**
   * @param file below the root, as in `src/master/master.ts`
   * @param name of a function, or `Class.method`, `Interface.method`
   * @throws Error when the file declares nothing of this name
   */
  of(file: string, name: string): Caller[]
  /** Those of what an installed package exports. */
  ofImported(name: string, from: string): Caller[]
  close(): void
}

/** Reads all sources of these folders. */
export async function readCallers(root: string, folders: readonly string[]): Promise<Callers> {
  const config = resolve(root, 'tsconfig.json')
  const api = new API({ cwd: root })
  const snapshot = api.updateSnapshot({ openProjects: [config] })
  const project = snapshot.getProject(config)
  if (project === undefined) throw new Error(`${config} cannot be opened`)
  const { checker, program } = project
  const texts = new Map<string, string>()
  for (const folder of folders)
    for (const name of await readdir(join(root, folder), { recursive: true })) {
      const file = `${folder}/${name}`
      if (name.endsWith('.ts')) texts.set(file, await readFile(join(root, file), 'utf8'))
    }
  const sourceOf = (file: string): SourceFile => {
    const source = program.getSourceFile(join(root, file))
    if (source === undefined) throw new Error(`${file} is not part of the project`)
    return source
  }
  const positionsIn = (text: string, word: string) =>
    [...text.matchAll(new RegExp(`(?<![\\w$])${word.replace('$', '\\$')}(?![\\w$])`, 'g'))].map(
      ({ index }) => index,
    )
  const declaredBy = (symbol: TypeSymbol) =>
    symbol.declarations.some(({ kind }) => kind === SyntaxKind.ImportSpecifier)
      ? checker.getAliasedSymbol(symbol)
      : symbol
  const find = (word: string, isSought: (symbol: TypeSymbol) => boolean): Caller[] => {
    const found = new Map<string, Caller>()
    for (const [file, text] of texts) {
      const aliases = [...text.matchAll(new RegExp(`\\b${word} as (\\w+)`, 'g'))].map(
        ([, alias = '']) => alias,
      )
      const positions = [word, ...aliases].flatMap((name) => positionsIn(text, name))
      if (positions.length === 0) continue
      const symbols = checker.getSymbolAtPosition(join(root, file), positions)
      for (const [index, symbol] of symbols.entries()) {
        if (symbol === undefined || !isSought(declaredBy(symbol))) continue
        const node = getTokenAtPosition(sourceOf(file), positions[index] as number)
        if (!isUse(node)) continue
        const caller = { file: file.replace(/^src\//, '').replace(/\.ts$/, ''), within: namesAround(node) }
        found.set(`${caller.file} ${caller.within}`, caller)
      }
    }
    return [...found.values()]
  }
  return {
    of(file, name) {
      const text = texts.get(file) ?? ''
      const word = name.split('.').at(-1) ?? ''
      const declared = positionsIn(text, word).find((position) => {
        const node = getTokenAtPosition(sourceOf(file), position)
        return isDeclared(node) && [namesAround(node.parent), word].filter(Boolean).join('.') === name
      })
      const symbol =
        declared === undefined ? undefined : checker.getSymbolAtPosition(join(root, file), declared)
      if (symbol === undefined) throw new Error(`${file} does not declare ${name}`)
      const places = placesOf(symbol)
      return find(word, (other) => placesOf(other).some((place) => places.includes(place)))
    },
    ofImported(name, from) {
      return find(name, (symbol) => placesOf(symbol).some((place) => place.includes(`/${from}/`)))
    },
    close() {
      snapshot.dispose()
      api.close()
    },
  }
}

/** Where it is declared: the same also where a type is made from another, as by `Pick`. */
function placesOf({ declarations }: TypeSymbol): string[] {
  return declarations.map(({ path, index }) => `${path}:${index}`)
}

/** Whether the token is the name of a declaration. */
function isDeclared(node: Node): boolean {
  return (node.parent as { name?: Node } | undefined)?.name === node
}

/** Neither a declaration, nor an import, nor a part of a type. */
function isUse(node: Node): boolean {
  if (isDeclared(node) && node.parent.kind !== SyntaxKind.PropertyAccessExpression) return false
  if (node.kind !== SyntaxKind.Identifier && node.kind !== SyntaxKind.PrivateIdentifier) return false
  for (let at: Node | undefined = node.parent; at !== undefined; at = at.parent) {
    const kind = SyntaxKind[at.kind] ?? ''
    if (
      /Type$|TypeReference|TypeQuery|^Import|^Export(?!Assignment)|InterfaceDeclaration|TypeAlias/.test(kind)
    )
      return false
  }
  return true
}

/** Names of the functions, methods, classes and constants with functions around a node, from outside in. */
function namesAround(node: Node): string {
  const names: string[] = []
  for (let at: Node | undefined = node.parent; at !== undefined; at = at.parent) {
    const name = (at as { name?: { text?: string } }).name?.text
    if (name !== undefined && isNamed(at)) names.unshift(name)
  }
  return names.join('.')
}

function isNamed(node: Node): boolean {
  switch (node.kind) {
    case SyntaxKind.FunctionDeclaration:
    case SyntaxKind.MethodDeclaration:
    case SyntaxKind.MethodSignature:
    case SyntaxKind.ClassDeclaration:
    case SyntaxKind.InterfaceDeclaration:
    case SyntaxKind.GetAccessor:
    case SyntaxKind.PropertyAssignment:
      return true
    case SyntaxKind.VariableDeclaration:
    case SyntaxKind.PropertyDeclaration: {
      const { initializer } = node as { initializer?: Node }
      return (
        initializer?.kind === SyntaxKind.ArrowFunction || initializer?.kind === SyntaxKind.FunctionExpression
      )
    }
    default:
      return false
  }
}
