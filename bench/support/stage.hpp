#pragma once

#include <deque>
#include <memory>
#include <string>

#include "broker/engine/grid.hpp"
#include "broker/session/session.hpp"
#include "shm/base/descriptor.hpp"
#include "shm/segment/segment.hpp"

namespace ringside::bench {

/// A grid in this process that clients can attach to. No engine serves it: the benchmark decides
/// what is committed and when it is published. Throws on errors.
class Stage {
public:
    explicit Stage(const shm::SegmentShape& shape);
    ~Stage();
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] broker::Grid& grid() noexcept { return *grid_; }

    /// Waits for a client to attach, and admits it.
    void admit();

private:
    std::string name_;
    shm::Segment segment_;
    Descriptor listener_;
    std::deque<Descriptor> connections_;
    std::deque<std::unique_ptr<broker::Session>> sessions_;
    std::unique_ptr<broker::Grid> grid_;
};

}  // namespace ringside::bench
