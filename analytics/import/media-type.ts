import mime from 'mime'

const EXTENSION = /\.([A-Za-z0-9]{1,10})$/

/** Ends of paths behind which programs make pages. */
const PROGRAMS = /^(php\d?|phtml|aspx?|jspx?|jsf|do|cgi|cfm|pl|shtml)$/i

/**
 * The media type that a response probably had, by its path, where the log doesn't tell: a page where the path
 * has no ending, or one of a program's.
 */
export function probableMediaType(path: string): string {
  const extension = EXTENSION.exec(path)?.[1]
  if (extension === undefined || PROGRAMS.test(extension)) return 'text/html'
  return mime.getType(extension) ?? 'application/octet-stream'
}
