internal import Glibc

extension FeatureProgram {
    /// Computes one column of up to ``FeatureScratch/rows`` rows.
    func run(
        _ plan: ColumnPlan, _ block: FeatureBlock, _ range: Range<Int>, _ rows: inout [Float],
        _ scratch: inout FeatureScratch
    ) {
        let width = block.featureCount
        let count = range.count
        for index in 0..<count {
            scratch.values[index] = block.values[(range.lowerBound + index) * width + plan.feature]
        }
        if case .hash = plan.ending {
            for index in 0..<count {
                scratch.hashes[index] =
                    block.hashes[(range.lowerBound + index) * block.categoricalCount + plan.categorical]
            }
        }
        let base = range.lowerBound * outputCount
        for index in plan.operations { apply(operations[index], count, base, &rows, &scratch) }
        finish(plan, count, base + plan.output, &rows, scratch)
    }

    private func apply(
        _ operation: Operation, _ count: Int, _ base: Int, _ rows: inout [Float],
        _ scratch: inout FeatureScratch
    ) {
        switch operation {
        case .impute(let value, let indicator):
            for index in 0..<count {
                let isMissing = scratch.values[index].isNaN
                if indicator >= 0 { rows[base + index * outputCount + indicator] = isMissing ? 1 : 0 }
                if isMissing { scratch.values[index] = value }
            }
        case .imputeCategory(let code, let hash):
            for index in 0..<count where scratch.values[index].isNaN {
                scratch.values[index] = code
                scratch.hashes[index] = hash
            }
        case .scale(let subtract, let divide):
            for index in 0..<count { scratch.values[index] = (scratch.values[index] - subtract) / divide }
        case .zero:
            for index in 0..<count { scratch.values[index] = scratch.values[index].isNaN ? .nan : 0 }
        case .log1p:
            for index in 0..<count {
                let value = Glibc.log1p(scratch.values[index])
                scratch.values[index] = value == -.infinity ? -Double(Float.greatestFiniteMagnitude) : value
            }
        case .clip(let minimum, let maximum):
            for index in 0..<count {
                let value = scratch.values[index]
                scratch.values[index] = value < minimum ? minimum : value > maximum ? maximum : value
            }
        case .bucketise(let range):
            for index in 0..<count where !scratch.values[index].isNaN {
                scratch.values[index] = Double(edgesNotAbove(scratch.values[index], range))
            }
        case .ordinal:
            for index in 0..<count where scratch.values[index] < 0 { scratch.values[index] = .nan }
        }
    }

    private func finish(
        _ plan: ColumnPlan, _ count: Int, _ first: Int, _ rows: inout [Float], _ scratch: FeatureScratch
    ) {
        let stride = outputCount
        switch plan.ending {
        case .number:
            for index in 0..<count { rows[first + index * stride] = Float(scratch.values[index]) }
        case .ordinal:
            for index in 0..<count {
                let value = scratch.values[index]
                rows[first + index * stride] = value < 0 ? .nan : Float(value)
            }
        case .oneHot(let table, let unknown):
            for index in 0..<count {
                let start = first + index * stride
                for offset in 0..<plan.width { rows[start + offset] = 0 }
                let value = scratch.values[index]
                if value.isNaN { continue }
                let position = value < 0 ? unknown : Int(positions[table + Int(value)])
                if position >= 0 { rows[start + position] = 1 }
            }
        case .hash:
            for index in 0..<count {
                let start = first + index * stride
                for offset in 0..<plan.width { rows[start + offset] = 0 }
                if scratch.values[index].isNaN { continue }
                rows[start + Int(scratch.hashes[index] % UInt64(plan.width))] = 1
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
