#pragma once

#include <string>

#include "shm/segment/segment.hpp"

/// Ownership of a segment. The lock file decides between brokers that start at the same time. The
/// claim on the segment itself holds even if the lock file is removed.
///
/// Two marks form a claim. The first is a write lock on the open file (fcntl, `F_OFD_SETLK`), which
/// ends with the process. The second is the pid and start time of the broker in the header. A
/// client of the broker's group has the file open for reading and can hold a read lock. That lock
/// prevents a write lock without being a claim: in this case the header alone decides.
namespace ringside::broker {

/// Claims a segment for this process. The lock is released with the segment; the mark in the header
/// is removed by `disclaim`. Errors: grid_in_use (the detail names the owner), system_error.
Result<void> claim(const shm::Segment& segment);

/// Removes the claim from the header.
void disclaim(shm::Header& header);

/// Checks that the file at `path`, whatever its contents, can be set aside because no live broker
/// owns it. Does not map the file, which may belong to another user. Error: grid_in_use.
Result<void> check_unclaimed(const std::string& path);

}  // namespace ringside::broker
