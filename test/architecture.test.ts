/** The rules of who may import whom, held by a test: folders show the architecture, and imports go one way. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')

function listFiles(folder: string): string[] {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name}`)
    .filter((name) => /\.(ts|vue)$/.test(name) && !name.includes('node_modules'))
}

type Import = { from: string; to: string; isPackage: boolean }

function listImports(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8')
  const found = text.matchAll(/(?:^|\n)\s*(?:import|export)\s(?:[^'"`;]*?\sfrom\s*)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g)
  return [...found].map((match) => {
    const name = match[1] ?? match[2] ?? ''
    const isPackage = !name.startsWith('.')
    return { from: file, to: isPackage ? name : relative(root, resolve(root, dirname(file), name)), isPackage }
  })
}

const serverFiles = listFiles('server')
const webFiles = listFiles('web')
const imports = [...serverFiles, ...webFiles].flatMap(listImports)
const show = ({ from, to }: Import) => `${from} → ${to}`

/** The part of the server a file is in: `contract`, `base`, … or the processes' entries, which may import anything. */
const partOf = (file: string) => /^server\/(contract|base|protocols|drivers|media|features|demo|database|migrations)\//.exec(file)?.[1] ?? 'entry'

describe('server imports go one way', () => {
  const allowed: Record<string, (to: string, from: string) => boolean> = {
    contract: (to) => partOf(to) === 'contract',
    base: (to) => ['contract', 'base'].includes(partOf(to)),
    protocols: (to) => ['contract', 'protocols'].includes(partOf(to)) || /^server\/base\/(errors|clock)\.ts$/.test(to),
    drivers: (to, from) =>
      ['contract', 'base', 'protocols'].includes(partOf(to)) ||
      to === 'server/drivers/driver.ts' ||
      (partOf(to) === 'drivers' && dirname(to) === dirname(from)),
    media: (to, from) =>
      ['contract', 'base', 'protocols', 'media'].includes(partOf(to)) || to === 'server/drivers/driver.ts' || /^server\/media\/(app|main)\.ts$/.test(from),
    features: (to, from) => {
      const feature = (file: string) => file.split('/')[2]
      if (partOf(to) === 'features') return feature(to) === feature(from) || to.endsWith('/index.ts')
      return ['contract', 'base', 'protocols'].includes(partOf(to)) || to === 'server/drivers/driver.ts' || to === 'server/media/plane.ts'
    },
  }
  test.each(Object.keys(allowed))('%s imports only what it may', (part) => {
    const rule = allowed[part]!
    const wrong = imports.filter((each) => !each.isPackage && partOf(each.from) === part && each.from.startsWith('server/') && !rule(each.to, each.from))
    expect(wrong.map(show)).toEqual([])
  })

  test('features have no import cycle', () => {
    const next = new Map<string, Set<string>>()
    for (const { from, to, isPackage } of imports) {
      if (isPackage || partOf(from) !== 'features' || partOf(to) !== 'features') continue
      const [a, b] = [from.split('/')[2]!, to.split('/')[2]!]
      if (a !== b) next.set(a, (next.get(a) ?? new Set()).add(b))
    }
    const visit = (feature: string, path: string[]): string[] | undefined => {
      if (path.includes(feature)) return [...path, feature]
      for (const each of next.get(feature) ?? []) {
        const cycle = visit(each, [...path, feature])
        if (cycle) return cycle
      }
      return undefined
    }
    expect([...next.keys()].map((feature) => visit(feature, [])).filter(Boolean)).toEqual([])
  })
})

describe('web imports go one way', () => {
  const layer = (file: string) => /^web\/(base|ui|engines|features)\//.exec(file)?.[1] ?? 'entry'
  const mayImport: Record<string, string[]> = {
    base: ['base'],
    ui: ['base', 'ui'],
    engines: ['base', 'engines'],
    features: ['base', 'ui', 'engines', 'features'],
  }
  test('features → engines, ui → base → contract, and nothing else of the server', () => {
    const wrong = imports.filter(({ from, to, isPackage }) => {
      if (isPackage || !from.startsWith('web/')) return false
      if (to.startsWith('server/')) return !to.startsWith('server/contract/')
      return layer(from) !== 'entry' && to.startsWith('web/') && !mayImport[layer(from)]!.includes(layer(to)) && !/^web\/messages\.ts$/.test(to)
    })
    expect(wrong.map(show)).toEqual([])
  })
  test('the contract has no Node and no DOM', () => {
    expect(imports.filter(({ from, to, isPackage }) => from.startsWith('server/contract/') && isPackage && to !== 'zod').map(show)).toEqual([])
  })
})

describe('some things live in one place only', () => {
  const onlyIn = (name: RegExp, where: RegExp) => imports.filter(({ from, to, isPackage }) => isPackage && name.test(to) && !where.test(from)).map(show)
  test.each([
    { what: 'express', name: /^express$/, where: /^server\/base\/http\.ts$/ },
    { what: 'ws', name: /^ws$/, where: /^server\/base\/push\.ts$/ },
    { what: 'kysely', name: /^kysely$/, where: /(\/store\.ts|\/overview\.ts|^server\/base\/(db|migrate)\.ts|^server\/migrations\/.*)$/ },
    { what: 'pg', name: /^pg$/, where: /^server\/base\/db\.ts$/ },
    { what: 'ol', name: /^ol(-|\/|$)/, where: /^web\/engines\/map\// },
    { what: 'mpegts.js', name: /^mpegts\.js$/, where: /^web\/engines\/player\// },
  ])('$what', ({ name, where }) => expect(onlyIn(name, where)).toEqual([]))

  const uses = (files: string[], pattern: RegExp, where: RegExp) =>
    files.filter((file) => !where.test(file) && pattern.test(readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')))
  test("the server's wall clock and timers", () => {
    expect(
      uses(serverFiles, /\bDate\.now\(|\bnew Date\(\)|(?<![.\w])setTimeout\(|(?<![.\w])setInterval\(/, /^server\/(base\/clock\.ts|demo\/clips\/)/),
    ).toEqual([])
  })
  test('fetch and WebSocket of the page', () => {
    expect(uses(webFiles, /(?<![.\w])fetch\(|new WebSocket\(/, /^web\/base\//)).toEqual([])
  })
  test('files the page makes leave it where they are recorded first (R-SEC-3)', () => {
    expect(uses(webFiles, /\bsaveFile\(/, /^web\/(engines\/player\/snapshot|features\/taken\/save-taken)\.ts$/)).toEqual([])
    expect(uses(webFiles, /\.download\s*=|createObjectURL\(/, /^web\/engines\//)).toEqual([])
  })
  test('raw HTML never enters a template', () => {
    expect(uses(webFiles, /v-html|innerHTML\s*=/, /^$/)).toEqual([])
  })
})

describe('names and sizes', () => {
  test('no default exports, no enum, no namespace', () => {
    const wrong = serverFiles
      .concat(webFiles)
      .filter(
        (file) => file.endsWith('.ts') && /^export default |^(export )?(const )?enum |^(export )?namespace /m.test(readFileSync(join(root, file), 'utf8')),
      )
    expect(wrong).toEqual([])
  })
  test('no file called utils, helpers, misc, common or manager', () => {
    expect(serverFiles.concat(webFiles).filter((file) => /\/(utils?|helpers?|misc|manager)\.(ts|vue)$/.test(file))).toEqual([])
  })
  test('no file over 500 lines', () => {
    const long = serverFiles.concat(webFiles).filter((file) => readFileSync(join(root, file), 'utf8').split('\n').length > 500)
    expect(long).toEqual([])
  })
  test('every feature, protocol folder and engine has a README', () => {
    const folders = ['server/features', 'web/features', 'web/engines'].flatMap((parent) =>
      existsSync(join(root, parent))
        ? readdirSync(join(root, parent), { withFileTypes: true })
            .filter((entry) => entry.isDirectory())
            .map((entry) => `${parent}/${entry.name}`)
        : [],
    )
    expect(folders.filter((folder) => !existsSync(join(root, folder, 'README.md')))).toEqual([])
  })
})
