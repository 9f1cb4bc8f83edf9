import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withParticle } from '../../src/logic/particle.ts'

test('the particle fits the last sound', () => {
  for (const [text, wanted] of [
    ['데이터', '데이터와'], ['자료구조론', '자료구조론과'], ['수학 1', '수학 1과'], ['수학 2', '수학 2와'], ['미적분 (영강)', '미적분 (영강)과'],
    ['C++', 'C++와'], ['HTML', 'HTML과'], ['‘통계’', '‘통계’와'], ['수학'.normalize('NFD'), `${'수학'.normalize('NFD')}과`], ['', '과'], ['🧪', '🧪과'], ['微積分', '微積分과'],
  ] as const) assert.equal(withParticle(text, '과/와'), wanted)
  assert.equal(withParticle('서울', '으로/로'), '서울로')
  assert.equal(withParticle('부산', '으로/로'), '부산으로')
  assert.equal(withParticle('제주', '으로/로'), '제주로')
  assert.equal(withParticle('1', '으로/로'), '1로')
  assert.equal(withParticle('강의', '이/가'), '강의가')
  assert.equal(withParticle('수업', '을/를'), '수업을')
  assert.equal(withParticle('시간표', '은/는'), '시간표는')
})
