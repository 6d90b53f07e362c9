internal import Glibc

extension FeatureProgram {
    /// Computes one column of up to ``FeatureScratch/rows`` rows.
    func run(
        _ plan: ColumnPlan, _ block: FeatureBlock, _ range: Range<Int>, _ rows: inout MutableSpan<Float>,
        _ values: inout MutableSpan<Double>, _ hashes: inout MutableSpan<UInt64>
    ) {
        let width = block.featureCount
        let count = range.count
        let source = block.values.span
        for index in 0..<count {
            values[index] = source[(range.lowerBound + index) * width + plan.feature]
        }
        if case .hash = plan.ending {
            let source = block.hashes.span
            for index in 0..<count {
                hashes[index] =
                    source[(range.lowerBound + index) * block.categoricalCount + plan.categorical]
            }
        }
        let base = range.lowerBound * outputCount
        for index in plan.operations { apply(operations[index], count, base, &rows, &values, &hashes) }
        finish(plan, count, base + plan.output, &rows, values, hashes)
    }

    private func apply(
        _ operation: Operation, _ count: Int, _ base: Int, _ rows: inout MutableSpan<Float>,
        _ values: inout MutableSpan<Double>, _ hashes: inout MutableSpan<UInt64>
    ) {
        switch operation {
        case .impute(let value, let indicator):
            for index in 0..<count {
                let isMissing = values[index].isNaN
                if indicator >= 0 { rows[base + index * outputCount + indicator] = isMissing ? 1 : 0 }
                if isMissing { values[index] = value }
            }
        case .imputeCategory(let code, let hash):
            for index in 0..<count where values[index].isNaN {
                values[index] = code
                hashes[index] = hash
            }
        case .scale(let subtract, let divide):
            for index in 0..<count { values[index] = (values[index] - subtract) / divide }
        case .zero:
            for index in 0..<count { values[index] = values[index].isNaN ? .nan : 0 }
        case .log1p:
            for index in 0..<count {
                let value = Glibc.log1p(values[index])
                values[index] = value == -.infinity ? -Double(Float.greatestFiniteMagnitude) : value
            }
        case .clip(let minimum, let maximum):
            for index in 0..<count {
                let value = values[index]
                values[index] = value < minimum ? minimum : value > maximum ? maximum : value
            }
        case .bucketise(let range):
            for index in 0..<count where !values[index].isNaN {
                values[index] = Double(edgesNotAbove(values[index], range))
            }
        case .ordinal:
            for index in 0..<count where values[index] < 0 { values[index] = .nan }
        }
    }

    private func finish(
        _ plan: ColumnPlan, _ count: Int, _ first: Int, _ rows: inout MutableSpan<Float>,
        _ values: borrowing MutableSpan<Double>, _ hashes: borrowing MutableSpan<UInt64>
    ) {
        let stride = outputCount
        switch plan.ending {
        case .number:
            for index in 0..<count { rows[first + index * stride] = Float(values[index]) }
        case .ordinal:
            for index in 0..<count {
                let value = values[index]
                rows[first + index * stride] = value < 0 ? .nan : Float(value)
            }
        case .oneHot(let table, let unknown):
            for index in 0..<count {
                let start = first + index * stride
                for offset in 0..<plan.width { rows[start + offset] = 0 }
                let value = values[index]
                if value.isNaN { continue }
                let position = value < 0 ? unknown : Int(positions[table + Int(value)])
                if position >= 0 { rows[start + position] = 1 }
            }
        case .hash:
            for index in 0..<count {
                let start = first + index * stride
                for offset in 0..<plan.width { rows[start + offset] = 0 }
                if values[index].isNaN { continue }
                rows[start + Int(hashes[index] % UInt64(plan.width))] = 1
            }
        }
    }

    /// How many of these edges are not above the value.
    private func edgesNotAbove(_ value: Double, _ range: Range<Int>) -> Int {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if edges[middle] <= value { low = middle + 1 } else { high = middle }
        }
        return low - range.lowerBound
    }
}
