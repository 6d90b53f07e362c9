/// Weighted sums of rows: one sum for each output.
///
/// A missing value adds nothing. Eight sums run side by side and are added in a fixed order at the end, so
/// a row's result does not depend on the batch it is in.
struct LinearKernel: Hashable, Sendable {
    /// Floats in a row.
    let featureCount: Int
    /// The constant of each output.
    let intercepts: [Float]
    /// The weights, output by output, each `featureCount` long.
    let weights: [Float]

    init(featureCount: Int, intercepts: [Float], weights: [Float]) {
        precondition(weights.count == featureCount * intercepts.count, "\(weights.count) weights")
        self.featureCount = featureCount
        self.intercepts = intercepts
        self.weights = weights
    }

    /// Writes `count * intercepts.count` margins, row by row.
    func score(_ rows: Span<Float>, count: Int, into margins: inout [Float]) {
        precondition(
            count >= 0 && rows.count >= count * featureCount, "\(rows.count) floats for \(count) rows")
        let outputs = intercepts.count
        margins.grow(to: count * outputs)
        // The pointers stay inside the closures. Row `r` begins at `r * featureCount` and the check above
        // says that `count` whole rows are there; output `o` has its weights at `o * featureCount` by the
        // initialiser's check.
        unsafe rows.withUnsafeBufferPointer { rows in
            unsafe weights.withUnsafeBufferPointer { weights in
                guard let row = rows.baseAddress, let weight = weights.baseAddress else {
                    for index in 0..<count * outputs { margins[index] = intercepts[index % outputs] }
                    return
                }
                for index in 0..<count {
                    for output in 0..<outputs {
                        margins[index * outputs + output] =
                            unsafe intercepts[output]
                            + dot(row + index * featureCount, weight + output * featureCount)
                    }
                }
            }
        }
    }

    /// The sum of products of `featureCount` pairs.
    @inline(__always)
    private func dot(_ row: UnsafePointer<Float>, _ weight: UnsafePointer<Float>) -> Float {
        var sums = SIMD8<Float>.zero
        var index = 0
        while index + 8 <= featureCount {
            let values = unsafe UnsafeRawPointer(row + index).loadUnaligned(as: SIMD8<Float>.self)
            let factors = unsafe UnsafeRawPointer(weight + index).loadUnaligned(as: SIMD8<Float>.self)
            sums += values.replacing(with: 0, where: values .!= values) * factors
            index += 8
        }
        var tail = SIMD4<Float>.zero
        if index + 4 <= featureCount {
            let values = unsafe UnsafeRawPointer(row + index).loadUnaligned(as: SIMD4<Float>.self)
            let factors = unsafe UnsafeRawPointer(weight + index).loadUnaligned(as: SIMD4<Float>.self)
            tail = values.replacing(with: 0, where: values .!= values) * factors
            index += 4
        }
        var sum = (sums.lowHalf + sums.highHalf + tail).sum()
        while index < featureCount {
            let value = unsafe row[index]
            sum += unsafe (value.isNaN ? 0 : value) * weight[index]
            index += 1
        }
        return sum
    }
}
