module openvault/pause

go 1.21
