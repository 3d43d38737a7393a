import { type Token, Tokenizer, TokenizerMode } from 'parse5'
import { emailIn, plainText, webAddressIn } from './plain-text.ts'

/** What a page says of itself, as text; '' for what it doesn't say. */
export interface PageWords {
  title: string
  description: string
  /** The site's name (`og:site_name`, else `application-name`). */
  siteName: string
  /** Who made it (`<meta name="author">`). */
  author: string
  keywords: string
  /** As in `<html lang>`. */
  language: string
  /** As in `<meta charset>`. */
  charset: string
  /** Addresses of e-mail, in `rel="author"` or anywhere (`mailto:`). */
  authorEmail: string
  email: string
  /** A page about its author. */
  authorUrl: string
  /** JSON-LD, as written. */
  linkedData: string[]
}

const TITLE_LENGTH_MAX = 300
const DESCRIPTION_LENGTH_MAX = 500
const NAME_LENGTH_MAX = 200

/** Texts of elements are kept up to this length; JSON that is longer can't be read. Characters. */
const TEXT_LENGTH_MAX = 65_536
const LINKED_DATA_MAX = 8

/** Looking for a name twice makes a tag's work the square of its attributes. */
const ATTRIBUTES_MAX = 1_000
const CHUNK_LENGTH = 8_192

/** Elements whose content is text to the parser (HTML §13.2.5): the tree builder would say so, and we have none. */
const TEXT_MODES = {
  title: TokenizerMode.RCDATA,
  textarea: TokenizerMode.RCDATA,
  style: TokenizerMode.RAWTEXT,
  xmp: TokenizerMode.RAWTEXT,
  iframe: TokenizerMode.RAWTEXT,
  noembed: TokenizerMode.RAWTEXT,
  noframes: TokenizerMode.RAWTEXT,
  script: TokenizerMode.SCRIPT_DATA,
  plaintext: TokenizerMode.PLAINTEXT,
} as const

/**
 * Reads what a page says of itself. Only its tags are read, no tree is built, so that the work grows with the
 * page's length and with nothing else, however it is nested.
 *
 * @param url where it is, for what its links mean
 */
export function wordsOfPage(html: string, url: string): PageWords {
  const reader = new PageReader(url)
  const tokenizer = new BoundedTokenizer(reader)
  reader.tokenizer = tokenizer
  for (let from = 0; from < html.length && !tokenizer.isTagTooLong; from += CHUNK_LENGTH) {
    tokenizer.write(html.slice(from, from + CHUNK_LENGTH), from + CHUNK_LENGTH >= html.length)
  }
  return reader.words
}

class BoundedTokenizer extends Tokenizer {
  constructor(reader: PageReader) {
    super({}, reader)
  }

  get isTagTooLong(): boolean {
    const token = this.currentToken
    return token !== null && 'attrs' in token && token.attrs.length > ATTRIBUTES_MAX
  }
}

class PageReader {
  readonly words: PageWords = {
    title: '',
    description: '',
    siteName: '',
    author: '',
    keywords: '',
    language: '',
    charset: '',
    authorEmail: '',
    email: '',
    authorUrl: '',
    linkedData: [],
  }
  tokenizer: Tokenizer | undefined
  /** Pictures have titles of their own. */
  private picturesOpen = 0
  /** Text of the element that is read, and what to do with it at its end. */
  private text: string | undefined
  private done: ((text: string) => void) | undefined
  private readonly url: string

  constructor(url: string) {
    this.url = url
  }

  onStartTag(tag: Token.TagToken): void {
    const { tagName } = tag
    if (tagName === 'svg' || tagName === 'math') this.picturesOpen += tag.selfClosing ? 0 : 1
    if (this.picturesOpen > 0) return
    if (Object.hasOwn(TEXT_MODES, tagName) && this.tokenizer !== undefined) {
      this.tokenizer.state = TEXT_MODES[tagName as keyof typeof TEXT_MODES]
    }
    const has = new Map(tag.attrs.map(({ name, value }) => [name, value]))
    const said = (name: string) => has.get(name) ?? ''
    switch (tagName) {
      case 'html':
        this.words.language ||= plainText(said('lang'), 35)
        break
      case 'title':
        if (this.words.title === '')
          this.read((text) => (this.words.title = plainText(text, TITLE_LENGTH_MAX)))
        break
      case 'script':
        if (said('type').trim().toLowerCase() === 'application/ld+json') this.readLinkedData()
        break
      case 'meta':
        this.readMeta(said)
        break
      case 'a':
      case 'link':
        this.readLink(said('rel'), said('href'))
    }
  }

  onEndTag({ tagName }: Token.TagToken): void {
    if (tagName === 'svg' || tagName === 'math') this.picturesOpen = Math.max(0, this.picturesOpen - 1)
    this.endText()
  }

  onCharacter({ chars }: Token.CharacterToken): void {
    if (this.text !== undefined && this.text.length < TEXT_LENGTH_MAX) this.text += chars
  }

  onWhitespaceCharacter(token: Token.CharacterToken): void {
    this.onCharacter(token)
  }

  onNullCharacter(): void {}
  onComment(): void {}
  onDoctype(): void {}

  /** A page that was cut off may end within its title. */
  onEof(): void {
    this.endText()
  }

  private read(done: (text: string) => void): void {
    this.text = ''
    this.done = done
  }

  private endText(): void {
    if (this.text !== undefined) this.done?.(this.text)
    this.text = undefined
  }

  private readLinkedData(): void {
    if (this.words.linkedData.length >= LINKED_DATA_MAX) return
    this.read((text) => text.length < TEXT_LENGTH_MAX && this.words.linkedData.push(text))
  }

  private readMeta(said: (name: string) => string): void {
    const { words } = this
    const content = said('content')
    const type = said('http-equiv').toLowerCase() === 'content-type' ? content : ''
    words.charset ||= said('charset') || (/charset\s*=\s*["']?([^\s"';]+)/i.exec(type)?.[1] ?? '')
    switch ((said('name') || said('property')).toLowerCase()) {
      case 'description':
        words.description ||= plainText(content, DESCRIPTION_LENGTH_MAX)
        break
      case 'og:description':
        words.description ||= plainText(content, DESCRIPTION_LENGTH_MAX)
        break
      case 'og:site_name':
        words.siteName = plainText(content, NAME_LENGTH_MAX) || words.siteName
        break
      case 'application-name':
        words.siteName ||= plainText(content, NAME_LENGTH_MAX)
        break
      case 'author':
        words.author ||= plainText(content, NAME_LENGTH_MAX)
        break
      case 'keywords':
        words.keywords ||= plainText(content, DESCRIPTION_LENGTH_MAX)
    }
  }

  private readLink(rel: string, href: string): void {
    const { words } = this
    const isAuthor = /(^|\s)author(\s|$)/i.test(rel)
    if (/^\s*mailto:/i.test(href)) {
      if (isAuthor) words.authorEmail ||= emailIn(href)
      words.email ||= emailIn(href)
    } else if (isAuthor) words.authorUrl ||= webAddressIn(href, this.url)
  }
}
