import { citiesStep } from './cities.mjs'
import { clusterStep } from './cluster.mjs'
import { lockStep } from './lock.mjs'
import { pubsubStep } from './pubsub.mjs'
import { transactionStep } from './transactions.mjs'

/** The steps of the demo, in order. */
export const STEPS = [
  { name: 'cities', title: 'Cities: loading and queries', run: citiesStep },
  { name: 'transactions', title: 'Pipelines and transactions', run: transactionStep },
  { name: 'pubsub', title: 'Subscriptions', run: pubsubStep },
  { name: 'lock', title: 'A lock', run: lockStep },
  { name: 'cluster', title: 'A cluster', run: clusterStep },
]
