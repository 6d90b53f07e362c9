/// Minimises a smooth convex function by the limited-memory BFGS method with a backtracking line search that
/// keeps the Wolfe conditions (Nocedal and Wright, "Numerical Optimization", 2006, algorithms 7.5 and 3.5 by
/// bisection). Deterministic.
struct LBFGS {
    /// Pairs remembered.
    var memory = 20
    /// Steps at most.
    var iterationsMax = 1_000
    /// Ends when no gradient component is greater than this.
    var gradientTolerance = 1e-5

    struct Outcome {
        var point: [Double]
        var value: Double
        var iterations: Int
        var gradientMax: Double
    }

    /// Minimises from `start`; `function` returns the value at a point and writes the gradient. `shouldStop`
    /// is asked at each step.
    func minimise(
        from start: [Double], shouldStop: () -> Bool = { false },
        _ function: (_ point: [Double], _ gradient: inout [Double]) -> Double
    ) -> Outcome {
        var point = start
        var gradient = [Double](repeating: 0, count: start.count)
        var value = function(point, &gradient)
        var steps: [[Double]] = []
        var changes: [[Double]] = []
        var iterations = 0
        while iterations < iterationsMax, largest(gradient) > gradientTolerance, value.isFinite, !shouldStop()
        {
            var direction = self.direction(gradient, steps, changes)
            var slope = dot(direction, gradient)
            if slope >= 0 {
                // The memory misleads: begin again with the steepest descent.
                steps.removeAll()
                changes.removeAll()
                direction = gradient.map { -$0 }
                slope = dot(direction, gradient)
            }
            var nextGradient = gradient
            let first = steps.isEmpty ? min(1, 1 / gradient.reduce(0) { $0 + abs($1) }) : 1
            guard
                let (next, nextValue) = search(
                    point, value, slope, direction, first, &nextGradient, function)
            else { break }
            let step = zip(next, point).map { $0 - $1 }
            let change = zip(nextGradient, gradient).map { $0 - $1 }
            if dot(step, change) > 1e-12 * dot(change, change).squareRoot() * dot(step, step).squareRoot() {
                steps.append(step)
                changes.append(change)
                if steps.count > memory {
                    steps.removeFirst()
                    changes.removeFirst()
                }
            }
            iterations += 1
            let isStuck = value - nextValue <= 1e-15 * max(abs(value), 1)
            (point, value, gradient) = (next, nextValue, nextGradient)
            if isStuck { break }
        }
        return Outcome(point: point, value: value, iterations: iterations, gradientMax: largest(gradient))
    }

    /// A point along `direction` where the function falls enough and the slope flattens enough.
    private func search(
        _ point: [Double], _ value: Double, _ slope: Double, _ direction: [Double], _ first: Double,
        _ gradient: inout [Double], _ function: ([Double], inout [Double]) -> Double
    ) -> ([Double], Double)? {
        var low = 0.0
        var high = Double.infinity
        var length = first
        var best: ([Double], Double, [Double])?
        for _ in 0..<60 {
            let candidate = zip(point, direction).map { $0 + length * $1 }
            let candidateValue = function(candidate, &gradient)
            if !(candidateValue <= value + 1e-4 * length * slope) {
                high = length
            } else {
                best = (candidate, candidateValue, gradient)
                if dot(gradient, direction) >= 0.9 * slope { return (candidate, candidateValue) }
                low = length
            }
            length = high.isFinite ? (low + high) / 2 : 2 * low
        }
        guard let best else { return nil }
        gradient = best.2
        return (best.0, best.1)
    }

    /// The two-loop recursion.
    private func direction(_ gradient: [Double], _ steps: [[Double]], _ changes: [[Double]]) -> [Double] {
        var result = gradient.map { -$0 }
        var factors: [Double] = []
        for index in steps.indices.reversed() {
            let factor = dot(steps[index], result) / dot(steps[index], changes[index])
            factors.append(factor)
            add(-factor, changes[index], to: &result)
        }
        if let step = steps.last, let change = changes.last {
            let scale = dot(step, change) / dot(change, change)
            for index in result.indices { result[index] *= scale }
        }
        for (index, factor) in zip(steps.indices, factors.reversed()) {
            let correction = dot(changes[index], result) / dot(steps[index], changes[index])
            add(factor - correction, steps[index], to: &result)
        }
        return result
    }

    private func largest(_ values: [Double]) -> Double { values.reduce(0) { max($0, abs($1)) } }

    private func dot(_ a: [Double], _ b: [Double]) -> Double {
        var sum = 0.0
        for index in a.indices { sum += a[index] * b[index] }
        return sum
    }

    private func add(_ factor: Double, _ values: [Double], to result: inout [Double]) {
        for index in result.indices { result[index] += factor * values[index] }
    }
}
