/** The dialect of a server: its kind and version. Valkey began as a copy of Redis 7.2, so all that is in 7.2 is in both. */

export type Flavour = 'redis' | 'valkey'
type Version = readonly [major: number, minor: number]

/** The versions from which on servers behave in some way; a kind of server that is missing never does. */
export interface Since {
  readonly redis?: Version
  readonly valkey?: Version
}

export class Dialect {
  readonly flavour: Flavour
  readonly version: readonly number[]
  /** Whether the server has everything that Redis 7.2 has. Many differences depend on it. */
  readonly is72: boolean

  constructor(flavour: Flavour = 'redis', version = '7.0.15') {
    this.flavour = flavour
    this.version = version.split('.').map(Number)
    this.is72 = this.atLeast(7, 2)
  }

  get versionText(): string {
    return this.version.join('.')
  }

  /** Compares the version alone, so it is meaningful for versions up to 7.2 only. */
  atLeast(major: number, minor: number): boolean {
    const [ours = 0, ourMinor = 0] = this.version
    return ours > major || (ours === major && ourMinor >= minor)
  }

  has({ [this.flavour]: version }: Since): boolean {
    return version !== undefined && this.atLeast(...version)
  }
}

/** The dialects that the simulation speaks, one per run: the oldest and the newest servers that the model was compared with. */
export const DIALECTS: readonly Dialect[] = [
  new Dialect('redis', '7.0.15'),
  new Dialect('redis', '8.0.2'),
  new Dialect('valkey', '8.1.1'),
  new Dialect('valkey', '9.1.2'),
]
