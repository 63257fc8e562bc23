#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <memory>

#include "ringside/query.hpp"
#include "sum.hpp"

namespace ringside::query {

/// Hash and equality of owned scalars that also accept views.
struct ScalarHash {
    using is_transparent = void;
    std::size_t operator()(const Scalar& scalar) const noexcept { return scalar.hash(); }
    std::size_t operator()(const OwnedScalar& scalar) const noexcept {
        return scalar.view().hash();
    }
};
struct ScalarEqual {
    using is_transparent = void;
    static const Scalar& view(const Scalar& scalar) noexcept { return scalar; }
    static Scalar view(const OwnedScalar& scalar) noexcept { return scalar.view(); }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const noexcept {
        return view(a) == view(b);
    }
};

/// The state of one aggregate in one group. The caller knows its kind.
class Accumulator {
public:
    using Kind = Aggregate::Kind;

    // Each adds a scalar for one kind of aggregate, and returns the bytes that it needed.
    void add_record() noexcept { ++count_; }
    [[gnu::always_inline]] void add_to_sum(const Scalar& scalar) { sum_.add(scalar); }
    std::size_t add_to_minimum(const Scalar& scalar);
    std::size_t add_to_maximum(const Scalar& scalar);
    std::size_t add_to_distinct(const Scalar& scalar);

    void merge(Kind kind, Accumulator&& other);

    [[nodiscard]] OwnedScalar result(Kind kind) const;

private:
    using Distinct = boost::unordered_flat_set<OwnedScalar, ScalarHash, ScalarEqual>;

    std::size_t replace_extreme(const Scalar& scalar);

    std::uint64_t count_ = 0;
    Sum sum_;
    OwnedScalar extreme_;  ///< null if none yet
    std::unique_ptr<Distinct> distinct_;
};

}  // namespace ringside::query
