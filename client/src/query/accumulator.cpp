#include "accumulator.hpp"

namespace ringside::query {

std::size_t Accumulator::replace_extreme(const Scalar& scalar) {
    const std::size_t before = extreme_.heap_bytes();
    extreme_ = OwnedScalar(scalar);
    return extreme_.heap_bytes() - before;  // may wrap around, as may the sum that it is added to
}

std::size_t Accumulator::add_to_minimum(const Scalar& scalar) {
    if (scalar.is_null()) return 0;
    if (!extreme_.is_null() && extreme_.view() <= scalar) return 0;
    return replace_extreme(scalar);
}

std::size_t Accumulator::add_to_maximum(const Scalar& scalar) {
    if (scalar.is_null()) return 0;
    if (!extreme_.is_null() && extreme_.view() >= scalar) return 0;
    return replace_extreme(scalar);
}

std::size_t Accumulator::add_to_distinct(const Scalar& scalar) {
    if (scalar.is_null()) return 0;
    if (distinct_ == nullptr) distinct_ = std::make_unique<Distinct>();
    if (distinct_->contains(scalar)) return 0;
    const auto added = distinct_->emplace(scalar).first;
    return sizeof(OwnedScalar) + added->heap_bytes();
}

void Accumulator::merge(Kind kind, Accumulator&& other) {
    switch (kind) {
        case Kind::count: count_ += other.count_; break;
        case Kind::sum:
        case Kind::average: sum_.add(other.sum_); break;
        case Kind::min: add_to_minimum(other.extreme_.view()); break;
        case Kind::max: add_to_maximum(other.extreme_.view()); break;
        case Kind::distinct:
            if (distinct_ == nullptr) distinct_ = std::move(other.distinct_);
            else if (other.distinct_ != nullptr) distinct_->merge(*other.distinct_);
            break;
    }
}

OwnedScalar Accumulator::result(Kind kind) const {
    switch (kind) {
        case Kind::count: return Scalar::unsigned_integer(count_);
        case Kind::sum: return sum_.total();
        case Kind::average: return sum_.mean();
        case Kind::min:
        case Kind::max: return extreme_;
        case Kind::distinct:
            return Scalar::unsigned_integer(distinct_ == nullptr ? 0 : distinct_->size());
    }
    return {};
}

}  // namespace ringside::query
