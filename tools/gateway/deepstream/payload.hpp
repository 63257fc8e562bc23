#pragma once

#include <string>

#include "ringside/record.hpp"

namespace ringside::gateway::deepstream {

// Data of events and calls. JavaScript distinguishes `null` from no data (`undefined`), but every
// event and call of the grid has a document. No data is encoded as a null whose byte, which
// otherwise has no meaning, is 1. Clients other than deepstream's read null in both cases.

/// Returns the document of an event or a call without data.
[[nodiscard]] Document no_data_document();

/// Returns the document of an event or a call with a client's data; empty JSON means no data.
/// Errors: those of `Document::parse`.
[[nodiscard]] Result<Document> payload_document(const std::string& json);

/// Returns the data of such a document as JSON, or an empty text for no data.
[[nodiscard]] std::string payload_json(ByteView document);

/// Handles a document of several pages as well.
[[nodiscard]] std::string payload_json(const RecordView& event);

}  // namespace ringside::gateway::deepstream
