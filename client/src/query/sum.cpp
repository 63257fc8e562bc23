#include "sum.hpp"

namespace ringside::query {

void Sum::add(const Sum& other) {
    integers_ += other.integers_;
    numbers_ += other.numbers_;
    reals_ += other.reals_;
    if (other.real_sum_ == nullptr) return;
    if (real_sum_ == nullptr) real_sum_ = std::make_unique<ExactSum>();
    real_sum_->add(*other.real_sum_);
}

void Sum::change(const Scalar& scalar, bool is_added) {
    const std::uint64_t one = is_added ? 1 : std::uint64_t(-1);
    if (const auto integer = scalar.as_uint64()) {
        integers_ += is_added ? static_cast<Int128>(*integer) : -static_cast<Int128>(*integer);
        numbers_ += one;
    } else if (scalar.type() == ScalarType::real && std::isfinite(*scalar.as_double())) {
        if (real_sum_ == nullptr) real_sum_ = std::make_unique<ExactSum>();
        if (is_added) real_sum_->add(*scalar.as_double());
        else real_sum_->subtract(*scalar.as_double());
        numbers_ += one;
        reals_ += one;
    }
}

double Sum::divided_by(std::uint64_t count) const {
    ExactSum all;
    if (reals_ > 0) all = *real_sum_;
    all.add(integers_);
    return all.quotient(count);
}

Scalar Sum::total() const {
    if (numbers_ == 0) return {};
    const bool fits = integers_ >= INT64_MIN && integers_ <= INT64_MAX;
    if (reals_ == 0 && fits) return Scalar::integer(static_cast<std::int64_t>(integers_));
    return Scalar::real(divided_by(1));
}

Scalar Sum::mean() const {
    if (numbers_ == 0) return {};
    return Scalar::real(divided_by(numbers_));
}

}  // namespace ringside::query
