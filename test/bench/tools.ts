import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { SelvedgeError } from '../../edge/program/errors.ts'

/** A program of the system is needed, and isn't there. */
export class ToolMissing extends SelvedgeError {
  readonly code = 'SELVEDGE_BENCH_TOOL_MISSING'
  readonly remedy: string

  /** @param debianPackage what brings the tool */
  constructor(tool: string, purpose: string, debianPackage: string) {
    super(`${tool} (${purpose}) is not installed`)
    this.remedy = `On Debian: apt-get install ${debianPackage}`
  }
}

/** Where a program of the system is; also where only root's PATH leads. */
export function findTool(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.map((folder) => join(folder, name)).find(isProgram)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
