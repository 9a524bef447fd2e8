//! From which revision of its template a StatefulSet's pod is made, and which pod an update replaces next, as
//! Kubernetes' controller has it: `newVersionedStatefulSetPod`, `updateStatefulSet` and `completeRollingUpdate` in
//! `pkg/controller/statefulset`.

use crate::object::{PodSpec, UpdateStrategy};

/// One version of the pod template.
#[derive(Debug, Clone)]
pub(crate) struct Revision {
    pub(crate) number: usize,
    pub(crate) spec: PodSpec,
}

/// What the controller sees of a pod.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) revision: usize,
    pub(crate) is_ready: bool,
    pub(crate) is_ending: bool,
}

#[derive(Debug)]
pub(crate) struct Rollout {
    strategy: UpdateStrategy,
    current: Revision,
    update: Revision,
    /// `status.currentReplicas`
    of_current: usize,
}

impl Rollout {
    pub(crate) fn new(strategy: UpdateStrategy, spec: PodSpec) -> Self {
        let first = Revision { number: 1, spec };
        Self { strategy, current: first.clone(), update: first, of_current: 0 }
    }

    pub(crate) fn change_strategy(&mut self, strategy: UpdateStrategy) {
        self.strategy = strategy;
    }

    /// An update that is under way is given up for this one.
    pub(crate) fn change_template(&mut self, spec: PodSpec) {
        self.update = Revision { number: self.update.number + 1, spec };
    }

    /// Takes the pods in. An update is complete when all of them are made from it and Ready.
    pub(crate) fn observe(&mut self, pods: &[Seen]) {
        let all = |is: fn(&Self, &Seen) -> bool| pods.iter().all(|pod| is(self, pod));
        if all(|own, pod| pod.is_ready && !pod.is_ending && pod.revision == own.update.number) {
            self.current = self.update.clone();
        }
        self.of_current = pods.iter().filter(|pod| !pod.is_ending && pod.revision == self.current.number).count();
    }

    /// What a pod is made from that is not there. Where nobody has named a partition, and the API server has added none
    /// since the strategy was named, as many pods as are of the current revision stay so, the first ones.
    pub(crate) fn of_new_pod(&self, ordinal: usize) -> &Revision {
        let kept = self.strategy.rolling_update.as_ref().map_or(self.of_current, |rolling| rolling.partition);
        if ordinal < kept { &self.current } else { &self.update }
    }

    /// The pod that is replaced next, where all are Ready and none is too many: the last one that is not made from the
    /// update. `pods` are in the order of their ordinals, which begin with 0.
    pub(crate) fn next(&self, pods: &[Seen]) -> Option<usize> {
        let partition = self.strategy.rolling_update.as_ref().map_or(0, |rolling| rolling.partition);
        let is_old = |pod: &Seen| pod.revision != self.update.number && !pod.is_ending;
        (partition..pods.len()).rev().find(|ordinal| is_old(&pods[*ordinal]))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const READY: Seen = Seen { revision: 1, is_ready: true, is_ending: false };

    fn named(strategy: Value) -> UpdateStrategy {
        serde_json::from_value(strategy).expect("a strategy")
    }

    fn rollout(strategy: UpdateStrategy) -> Rollout {
        let spec: PodSpec = serde_json::from_value(json!({"containers": []})).expect("a pod");
        let mut rollout = Rollout::new(strategy, spec.clone());
        rollout.observe(&[READY; 3]);
        rollout.change_template(spec);
        rollout.observe(&[READY; 3]);
        rollout
    }

    /// The last pod was replaced and never becomes Ready, and then the first one is deleted by hand.
    fn stuck(strategy: UpdateStrategy) -> Rollout {
        let mut rollout = rollout(strategy);
        assert_eq!(rollout.next(&[READY; 3]), Some(2));
        rollout.observe(&[READY, READY, Seen { is_ending: true, ..READY }]);
        assert_eq!(rollout.of_new_pod(2).number, 2);
        let last = Seen { revision: 2, is_ready: false, is_ending: false };
        rollout.observe(&[Seen { is_ending: true, ..READY }, READY, last]);
        rollout.observe(&[READY, last]);
        rollout
    }

    #[test]
    fn a_pod_that_is_deleted_by_hand_comes_back_updated() {
        assert_eq!(stuck(UpdateStrategy::default()).of_new_pod(0).number, 2);
    }

    #[test]
    fn and_not_where_the_strategy_was_named_without_a_partition() {
        let mut rollout = stuck(named(json!({"type": "RollingUpdate"})));
        assert_eq!(rollout.of_new_pod(0).number, 1);
        rollout.change_strategy(UpdateStrategy::default());
        assert_eq!(rollout.of_new_pod(0).number, 2);
    }

    #[test]
    fn pods_are_replaced_from_the_last_one_down_to_the_partition() {
        let mut rollout = rollout(named(json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 1}})));
        let new = Seen { revision: 2, ..READY };
        assert_eq!(rollout.next(&[READY, READY, new]), Some(1));
        assert_eq!(rollout.next(&[READY, new, new]), None);
        assert_eq!(rollout.of_new_pod(0).number, 1);
        rollout.change_strategy(UpdateStrategy::default());
        assert_eq!(rollout.next(&[READY, new, new]), Some(0));
        rollout.observe(&[new; 3]);
        assert_eq!(rollout.current.number, 2);
    }
}
