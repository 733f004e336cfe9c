package main

import (
	"context"
	"encoding/json"
	"os/exec"

	"keelson.io/examples/runtime-go/wire"
)

type usage struct {
	Data struct {
		CPU struct {
			Usage struct {
				Total uint64 `json:"total"`
			} `json:"usage"`
		} `json:"cpu"`
		Memory struct {
			Usage struct {
				Usage uint64 `json:"usage"`
			} `json:"usage"`
			Raw map[string]uint64 `json:"raw"`
		} `json:"memory"`
	} `json:"data"`
}

func statsContract(r *runtime) wire.Contract {
	sample := func(context.Context, any) (any, error) {
		r.mutex.Lock()
		uids := map[*container]string{}
		for _, c := range r.containers {
			if p := r.pods[c.Config.Pod]; p != nil && r.exitOf(c) == nil {
				uids[c] = p.Config.UID
			}
		}
		r.mutex.Unlock()
		samples := []map[string]any{}
		for c, uid := range uids {
			// It may have ended meanwhile.
			if used, err := usageOf(c.ID); err == nil {
				samples = append(samples, map[string]any{
					"id": c.ID, "uid": uid, "name": c.Config.Name, "at": now(), "cpuNanoseconds": used.Data.CPU.Usage.Total,
					"memoryBytes": used.Data.Memory.Usage.Usage, "workingSetBytes": workingSet(used),
				})
			}
		}
		return samples, nil
	}
	return wire.Contract{Name: "kubelet/Stats", Version: "1.0.0", Methods: map[string]wire.Method{"sample": wire.Call(sample)}}
}

// What could not be taken back without writing: without files that nobody has read for long.
func workingSet(used usage) uint64 {
	inactive, ok := used.Data.Memory.Raw["total_inactive_file"]
	if !ok {
		inactive = used.Data.Memory.Raw["inactive_file"]
	}
	return used.Data.Memory.Usage.Usage - min(inactive, used.Data.Memory.Usage.Usage)
}

func usageOf(id string) (used usage, err error) {
	output, err := exec.Command("runc", "events", "--stats", id).Output()
	if err != nil {
		return used, err
	}
	return used, json.Unmarshal(output, &used)
}
