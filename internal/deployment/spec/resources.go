package spec

import "time"

// cpuMemory are the sizes of instances with whole CPUs, in MiB.
//
// Source: https://cloud.google.com/run/docs/configuring/services/cpu
var cpuMemory = map[int]struct{ least, most int }{
	1000: {minMemoryMiB, 4 << 10},
	2000: {minMemoryMiB, 8 << 10},
	4000: {2 << 10, 16 << 10},
	6000: {4 << 10, 24 << 10},
	8000: {4 << 10, 32 << 10},
}

const (
	// minMemoryMiB is the least memory of an instance (in the first generation execution environment).
	//
	// Source: https://cloud.google.com/run/docs/configuring/services/memory-limits
	minMemoryMiB = 128
	// minMemorySecondGeneration is the least memory in the second generation.
	//
	// Source: https://cloud.google.com/run/docs/about-execution-environments
	minMemorySecondGeneration = 512
	// A fraction of a CPU is at least 0.08, may have 512 MiB, and 1 GiB from half a CPU on.
	minMilliCPU = 80
)

// checkResources checks the limits of a service's instances and requests.
func checkResources(f *faults, s *Service) {
	if s.Timeout < time.Second || s.Timeout > maxTimeout || s.Timeout%time.Second != 0 {
		f.addf("request timeout %v: Cloud Run allows 1s to %v, in whole seconds", s.Timeout, maxTimeout)
	}
	least, most, ok := memoryFor(s.MilliCPU)
	switch {
	case !ok:
		f.addf("%d thousandths of a CPU: Cloud Run offers 80 to 1000 in steps of 10, 2000, 4000, 6000 and 8000", s.MilliCPU)
	case s.MemoryMiB < least || s.MemoryMiB > most:
		f.addf("memory %d MiB: with %g CPU Cloud Run allows %d to %d MiB", s.MemoryMiB, float64(s.MilliCPU)/1000, least, most)
	}
	if s.SecondGeneration && s.MemoryMiB < minMemorySecondGeneration {
		f.addf("memory %d MiB: the second generation needs %d MiB", s.MemoryMiB, minMemorySecondGeneration)
	}
	switch {
	case s.Concurrency < 1 || s.Concurrency > maxConcurrency:
		f.addf("concurrency %d: Cloud Run allows 1 to %d", s.Concurrency, maxConcurrency)
	case s.Concurrency > 1 && s.MilliCPU < 1000:
		f.addf("concurrency %d: with less than 1 CPU Cloud Run allows 1", s.Concurrency)
	}
	if s.MaxInstances < 1 || s.MaxInstances > maxInstances {
		f.addf("max instances %d: want 1 to %d", s.MaxInstances, maxInstances)
	}
	if s.MinInstances < 0 || s.MinInstances > s.MaxInstances {
		f.addf("min instances %d: want 0 to %d, the most instances", s.MinInstances, s.MaxInstances)
	}
}

// memoryFor returns how much memory an instance may have; ok is false if no instance has that CPU.
func memoryFor(milliCPU int) (least, most int, ok bool) {
	if m, ok := cpuMemory[milliCPU]; ok {
		return m.least, m.most, true
	}
	switch {
	case milliCPU < minMilliCPU || milliCPU > 1000 || milliCPU%10 != 0:
		return 0, 0, false
	case milliCPU < 500:
		return minMemoryMiB, 512, true
	}
	return minMemoryMiB, 1 << 10, true
}
