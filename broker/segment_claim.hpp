#pragma once

#include <string>

#include "shm/segment/segment.hpp"

/// Which process owns a segment. The lock file decides between brokers that start at the same time;
/// the claim on the segment itself holds even if somebody removes the lock file.
///
/// Two marks make a claim: a write lock on the open file (fcntl, `F_OFD_SETLK`), which ends with
/// the process, and the pid and start time of the broker in the header. A client of the broker's
/// group has the file open for reading and can hold a read lock, which keeps a write lock away but
/// is not one: then the header alone decides.
namespace ringside::broker {

/// Claims a segment for this process. The lock is released with the segment; the header's mark by
/// `disclaim`. Error: grid_in_use (the detail names the owner), system_error.
Result<void> claim(const shm::Segment& segment);

/// Ends the claim in the header.
void disclaim(shm::Header& header);

/// Whether the file at `path`, whatever it is, may be set aside: no living broker owns it. The file
/// is not mapped: it may belong to another user. Error: grid_in_use.
Result<void> check_unclaimed(const std::string& path);

}  // namespace ringside::broker
