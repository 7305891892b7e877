/** The fields of an index: options of FT.CREATE and FT.ALTER. */
import type { Argument, Arguments, Key } from '../core/argument.js'
import { flag, option, pushCounted, refuse } from '../core/option-tokens.js'

interface Common {
  /** The name in queries. Default: the name of the field. */
  readonly as?: Key
  /** Queries can find documents without the field. */
  readonly indexmissing?: boolean
}

interface Sortable extends Common {
  /** Makes sorting by the field fast; `'UNF'` keeps upper case and accents for it. */
  readonly sortable?: boolean | 'UNF'
  /** The field cannot be searched. */
  readonly noindex?: boolean
}

export interface TextField extends Sortable {
  readonly type: 'TEXT'
  readonly nostem?: boolean
  /** The weight in scores. Default 1. */
  readonly weight?: number
  readonly phonetic?: 'dm:en' | 'dm:fr' | 'dm:pt' | 'dm:es'
  /** Makes `*foo` and `*foo*` fast. */
  readonly withsuffixtrie?: boolean
  /** Queries can find empty text. */
  readonly indexempty?: boolean
}

export interface TagField extends Sortable {
  readonly type: 'TAG'
  /** The one character between tags. Default: a comma. */
  readonly separator?: string
  readonly casesensitive?: boolean
  /** Makes `*foo` and `*foo*` fast. */
  readonly withsuffixtrie?: boolean
  /** Queries can find empty text. */
  readonly indexempty?: boolean
}

export interface NumericField extends Sortable {
  readonly type: 'NUMERIC'
}

export interface GeoField extends Sortable {
  readonly type: 'GEO'
}

export interface GeoShapeField extends Common {
  readonly type: 'GEOSHAPE'
  /** Shapes of longitudes and latitudes, or of x and y. Default: spherical. */
  readonly coordinates?: 'SPHERICAL' | 'FLAT'
}

interface VectorIndex extends Common {
  readonly type: 'VECTOR'
  /** The number of dimensions of the vectors. */
  readonly dim: number
  readonly distanceMetric: 'L2' | 'IP' | 'COSINE'
  /** The type of each dimension. Default: 32-bit floats. */
  readonly datatype?: 'FLOAT32' | 'FLOAT64' | 'FLOAT16' | 'BFLOAT16' | 'INT8' | 'UINT8'
}

/** Compares with every vector: exact. */
export interface FlatVectorField extends VectorIndex {
  readonly algorithm: 'FLAT'
  readonly initialCap?: number
  readonly blockSize?: number
}

/** A graph with layers: approximate and fast. */
export interface HnswVectorField extends VectorIndex {
  readonly algorithm: 'HNSW'
  readonly initialCap?: number
  /** Maximum number of links of a node. */
  readonly m?: number
  /** The number of candidates to examine for links. */
  readonly efConstruction?: number
  /** The number of candidates to examine in queries. */
  readonly efRuntime?: number
  /** How far beyond a range the search extends, as a fraction. */
  readonly epsilon?: number
}

/** A graph with one layer, which can compress vectors. @since 8.2 */
export interface VamanaVectorField extends VectorIndex {
  readonly algorithm: 'SVS-VAMANA'
  readonly compression?: 'LVQ8' | 'LVQ4' | 'LVQ4x4' | 'LVQ4x8' | 'LeanVec4x8' | 'LeanVec8x8'
  readonly constructionWindowSize?: number
  readonly graphMaxDegree?: number
  readonly searchWindowSize?: number
  /** How far beyond a range the search extends, as a fraction. */
  readonly epsilon?: number
  /** How many vectors are used for training before the compression. */
  readonly trainingThreshold?: number
  /** The number of dimensions that LeanVec keeps. */
  readonly reduce?: number
}

export type SchemaField =
  | TextField
  | TagField
  | NumericField
  | GeoField
  | GeoShapeField
  | FlatVectorField
  | HnswVectorField
  | VamanaVectorField

/** A field without options. */
export type SimpleField = 'TEXT' | 'TAG' | 'NUMERIC' | 'GEO' | 'GEOSHAPE'

/**
 * Fields by name (in JSON documents: by path): `{ title: 'TEXT', price: { type: 'NUMERIC', sortable: true } }`. A list
 * of fields with `name` can index one field twice.
 */
export type Schema =
  | Readonly<Record<string, SchemaField | SimpleField>>
  | readonly (SchemaField & { readonly name: Key })[]

export interface CreateOptions {
  /** The type of the documents. Default: hashes. */
  readonly on?: 'HASH' | 'JSON'
  /** The prefixes of the documents' keys. Default: any key. */
  readonly prefix?: readonly Key[]
  /** An expression that documents must satisfy. */
  readonly filter?: Key
  readonly language?: string
  /** The field that contains a document's language. */
  readonly languageField?: Key
  /** The default score of documents, from 0 to 1. */
  readonly score?: number
  /** The field that contains a document's score. */
  readonly scoreField?: Key
  /** Deprecated by the server. */
  readonly payloadField?: Key
  /** Allows more than 32 text fields. */
  readonly maxtextfields?: boolean
  /** Deletes the index, but not its documents, after this number of seconds without use. */
  readonly temporary?: number
  /** Stores no positions of words: no exact phrases, no highlighting. */
  readonly nooffsets?: boolean
  /** No highlighting. */
  readonly nohl?: boolean
  /** Does not store in which field a word occurs. */
  readonly nofields?: boolean
  /** Does not store the frequencies of words. */
  readonly nofreqs?: boolean
  /** Words that are not indexed; an empty list for none. */
  readonly stopwords?: readonly Key[]
  /** Does not index documents that exist already. */
  readonly skipinitialscan?: boolean
  /** Makes queries for all documents faster. @since 8.0 */
  readonly indexall?: 'ENABLE' | 'DISABLE'
}

export function pushCreateOptions(args: Arguments, options: CreateOptions): void {
  // PREFIX stands before all free text, because the positions of prefixes are searched from the first word of this
  // name.
  option(args, 'ON', options.on)
  if (options.prefix !== undefined) {
    args.push('PREFIX')
    pushCounted(args, options.prefix, 'prefix')
  }
  pushNamed(args, options, 'filter', 'language', 'languageField', 'score', 'scoreField', 'payloadField')
  flag(args, 'MAXTEXTFIELDS', options.maxtextfields)
  option(args, 'TEMPORARY', options.temporary)
  flag(args, 'NOOFFSETS', options.nooffsets)
  flag(args, 'NOHL', options.nohl)
  flag(args, 'NOFIELDS', options.nofields)
  flag(args, 'NOFREQS', options.nofreqs)
  if (options.stopwords !== undefined) args.push('STOPWORDS', options.stopwords.length, ...options.stopwords)
  flag(args, 'SKIPINITIALSCAN', options.skipinitialscan)
  option(args, 'INDEXALL', options.indexall)
}

export function pushSchema(args: Arguments, schema: Schema): void {
  const fields: (readonly [Key, SchemaField | SimpleField])[] = isList(schema)
    ? schema.map(field => [field.name, field])
    : Object.entries(schema)
  if (fields.length === 0) refuse(args, 'At least one field is needed.')
  for (const [name, field] of fields) {
    args.push(name)
    if (typeof field === 'string') args.push(field)
    else pushField(args, field)
  }
}

function isList(schema: Schema): schema is readonly (SchemaField & { readonly name: Key })[] {
  return Array.isArray(schema)
}

function pushField(args: Arguments, field: SchemaField): void {
  option(args, 'AS', field.as)
  args.push(field.type)
  switch (field.type) {
    case 'TEXT':
      flag(args, 'NOSTEM', field.nostem)
      option(args, 'WEIGHT', field.weight)
      option(args, 'PHONETIC', field.phonetic)
      flag(args, 'WITHSUFFIXTRIE', field.withsuffixtrie)
      flag(args, 'INDEXEMPTY', field.indexempty)
      break
    case 'TAG':
      option(args, 'SEPARATOR', field.separator)
      flag(args, 'CASESENSITIVE', field.casesensitive)
      flag(args, 'WITHSUFFIXTRIE', field.withsuffixtrie)
      flag(args, 'INDEXEMPTY', field.indexempty)
      break
    case 'GEOSHAPE':
      if (field.coordinates !== undefined) args.push(field.coordinates)
      break
    case 'VECTOR':
      pushVectorField(args, field)
      break
  }
  flag(args, 'INDEXMISSING', field.indexmissing)
  if (!('sortable' in field || 'noindex' in field)) return
  if (field.sortable !== undefined && field.sortable !== false) args.push('SORTABLE')
  if (field.sortable === 'UNF') args.push('UNF')
  flag(args, 'NOINDEX', field.noindex)
}

function pushVectorField(args: Arguments, field: FlatVectorField | HnswVectorField | VamanaVectorField): void {
  const attributes: Arguments = [
    'TYPE',
    field.datatype ?? 'FLOAT32',
    'DIM',
    field.dim,
    'DISTANCE_METRIC',
    field.distanceMetric,
  ]
  switch (field.algorithm) {
    case 'FLAT':
      pushNamed(attributes, field, 'initialCap', 'blockSize')
      break
    case 'HNSW':
      pushNamed(attributes, field, 'initialCap', 'm', 'efConstruction', 'efRuntime', 'epsilon')
      break
    case 'SVS-VAMANA':
      pushNamed(attributes, field, 'compression', 'constructionWindowSize', 'graphMaxDegree', 'searchWindowSize')
      pushNamed(attributes, field, 'epsilon', 'trainingThreshold', 'reduce')
      break
  }
  args.push(field.algorithm, attributes.length, ...attributes)
}

/** Adds those of `names` that have a value. Their tokens are the names in upper case: INITIAL_CAP for `initialCap`. */
function pushNamed<N extends string>(
  args: Arguments,
  options: { readonly [K in N]?: Argument },
  ...names: readonly N[]
): void {
  for (const name of names) option(args, name.replace(/[A-Z]/g, '_$&').toUpperCase(), options[name])
}
