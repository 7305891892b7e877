/** What FT.CREATE and FT.ALTER are told of the fields of an index. */
import type { Arguments, Key } from '../core/argument.js'
import { flag, option, pushCounted, refuse } from '../core/option-tokens.js'

interface Common {
  /** The name in queries, if it is not that of the field. */
  readonly as?: Key
  /** Documents without the field can be looked for. */
  readonly indexmissing?: boolean
}

interface Sortable extends Common {
  /** Sorting by it is fast; `'UNF'` keeps capitals and accents for that. */
  readonly sortable?: boolean | 'UNF'
  /** Cannot be searched. */
  readonly noindex?: boolean
}

export interface TextField extends Sortable {
  readonly type: 'TEXT'
  readonly nostem?: boolean
  /** How much it counts in scores; 1 unless given. */
  readonly weight?: number
  readonly phonetic?: 'dm:en' | 'dm:fr' | 'dm:pt' | 'dm:es'
  /** Makes `*foo` and `*foo*` fast. */
  readonly withsuffixtrie?: boolean
  /** Empty text can be looked for. */
  readonly indexempty?: boolean
}

export interface TagField extends Sortable {
  readonly type: 'TAG'
  /** The one character between tags; a comma unless given. */
  readonly separator?: string
  readonly casesensitive?: boolean
  /** Makes `*foo` and `*foo*` fast. */
  readonly withsuffixtrie?: boolean
  /** Empty text can be looked for. */
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
  /** Of longitudes and latitudes, or of x and y; spherical unless given. */
  readonly coordinates?: 'SPHERICAL' | 'FLAT'
}

interface VectorIndex extends Common {
  readonly type: 'VECTOR'
  /** How many dimensions vectors have. */
  readonly dim: number
  readonly distanceMetric: 'L2' | 'IP' | 'COSINE'
  /** Of each dimension; 32-bit floats unless given. */
  readonly datatype?: 'FLOAT32' | 'FLOAT64' | 'FLOAT16' | 'BFLOAT16' | 'INT8' | 'UINT8'
}

/** Compares with every vector: exact. */
export interface FlatVectorField extends VectorIndex {
  readonly algorithm: 'FLAT'
  readonly initialCap?: number
  readonly blockSize?: number
}

/** A graph in layers: about right, and fast. */
export interface HnswVectorField extends VectorIndex {
  readonly algorithm: 'HNSW'
  readonly initialCap?: number
  /** How many links a node has at most. */
  readonly m?: number
  /** How many candidates are looked at for links. */
  readonly efConstruction?: number
  /** How many candidates are looked at in queries. */
  readonly efRuntime?: number
  /** How far beyond a range is searched, relatively. */
  readonly epsilon?: number
}

/** A graph of one layer, which can compress vectors. @since 8.2 */
export interface VamanaVectorField extends VectorIndex {
  readonly algorithm: 'SVS-VAMANA'
  readonly compression?: 'LVQ8' | 'LVQ4' | 'LVQ4x4' | 'LVQ4x8' | 'LeanVec4x8' | 'LeanVec8x8'
  readonly constructionWindowSize?: number
  readonly graphMaxDegree?: number
  readonly searchWindowSize?: number
  /** How far beyond a range is searched, relatively. */
  readonly epsilon?: number
  /** How many vectors are learnt from before they are compressed. */
  readonly trainingThreshold?: number
  /** How many dimensions LeanVec keeps. */
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
 * Fields by their names (of documents in JSON: by their paths): `{ title: 'TEXT', price: { type: 'NUMERIC', sortable: true } }`; as
 * a list of fields with `name` where one is indexed twice.
 */
export type Schema =
  | Readonly<Record<string, SchemaField | SimpleField>>
  | readonly (SchemaField & { readonly name: Key })[]

export interface CreateOptions {
  /** What the documents are; hashes unless given. */
  readonly on?: 'HASH' | 'JSON'
  /** What the keys of documents begin with, one of these; any key unless given. */
  readonly prefix?: readonly Key[]
  /** An expression that documents must fulfil. */
  readonly filter?: Key
  readonly language?: string
  /** The field that tells a document's language. */
  readonly languageField?: Key
  /** The score of documents, from 0 to 1. */
  readonly score?: number
  /** The field that tells a document's score. */
  readonly scoreField?: Key
  /** Deprecated by the server. */
  readonly payloadField?: Key
  /** Room for more than 32 text fields. */
  readonly maxtextfields?: boolean
  /** Deletes the index, not its documents, when it was not used for so many seconds. */
  readonly temporary?: number
  /** No positions of words: no exact phrases, no highlighting. */
  readonly nooffsets?: boolean
  /** No highlighting. */
  readonly nohl?: boolean
  /** Words do not tell their field. */
  readonly nofields?: boolean
  /** No frequencies of words. */
  readonly nofreqs?: boolean
  /** Words that are not indexed; an empty list for none. */
  readonly stopwords?: readonly Key[]
  /** Leaves out the documents that are there already. */
  readonly skipinitialscan?: boolean
  /** Makes queries for all documents faster. @since 8.0 */
  readonly indexall?: 'ENABLE' | 'DISABLE'
}

export function pushCreateOptions(args: Arguments, options: CreateOptions): void {
  // PREFIX before all that is free text: the prefixes are looked for behind the first such word.
  option(args, 'ON', options.on)
  if (options.prefix !== undefined) {
    args.push('PREFIX')
    pushCounted(args, options.prefix, 'prefix')
  }
  option(args, 'FILTER', options.filter)
  option(args, 'LANGUAGE', options.language)
  option(args, 'LANGUAGE_FIELD', options.languageField)
  option(args, 'SCORE', options.score)
  option(args, 'SCORE_FIELD', options.scoreField)
  option(args, 'PAYLOAD_FIELD', options.payloadField)
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
      option(attributes, 'INITIAL_CAP', field.initialCap)
      option(attributes, 'BLOCK_SIZE', field.blockSize)
      break
    case 'HNSW':
      option(attributes, 'INITIAL_CAP', field.initialCap)
      option(attributes, 'M', field.m)
      option(attributes, 'EF_CONSTRUCTION', field.efConstruction)
      option(attributes, 'EF_RUNTIME', field.efRuntime)
      option(attributes, 'EPSILON', field.epsilon)
      break
    case 'SVS-VAMANA':
      option(attributes, 'COMPRESSION', field.compression)
      option(attributes, 'CONSTRUCTION_WINDOW_SIZE', field.constructionWindowSize)
      option(attributes, 'GRAPH_MAX_DEGREE', field.graphMaxDegree)
      option(attributes, 'SEARCH_WINDOW_SIZE', field.searchWindowSize)
      option(attributes, 'EPSILON', field.epsilon)
      option(attributes, 'TRAINING_THRESHOLD', field.trainingThreshold)
      option(attributes, 'REDUCE', field.reduce)
      break
  }
  args.push(field.algorithm, attributes.length, ...attributes)
}
